"""Users: signing in and out, passwords, who may do what, the audit trail."""
