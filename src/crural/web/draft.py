"""Where `live` looks for the draft, which is in the room of the assessment."""

from crural.web.assessment.draft import Draft, to_record

__all__ = ["Draft", "to_record"]
