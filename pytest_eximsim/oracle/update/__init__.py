"""`--eximsim-update`: scenario files are rewritten so that they expect what the MTA did."""
