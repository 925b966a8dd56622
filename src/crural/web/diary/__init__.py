"""The pain diary of a patient, the expected course, and the trial of stimulation."""
