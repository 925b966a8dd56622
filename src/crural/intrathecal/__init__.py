"""Drugs into the spinal fluid: doses and limits, the arithmetic of pumps, spread along the fluid.

Every result carries its working and its sources; every amount its unit.
"""
