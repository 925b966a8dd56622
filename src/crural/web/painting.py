"""Where `live` looks for the painted shapes, which are in the room of the assessment."""

from crural.web.assessment.painting import shapes_alike

__all__ = ["shapes_alike"]
