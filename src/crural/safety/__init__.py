"""What must not wait. The alert rules of the knowledge, decided for one patient.

An alert is raised when its rule is met; one that is still open but alive says what to ask now.
"""

from crural.safety.alerts import OpenAlert, RaisedAlert, alerts_of, open_questions

__all__ = ["OpenAlert", "RaisedAlert", "alerts_of", "open_questions"]
