"""Spinal cord stimulation: what a trial diary shows, which level the place of the pain asks for.

Nothing here decides for an implant: each answer names the definitions, figures and gaps behind it.
"""
