"""The use cases that terminal, command line and server call: one function a job."""
