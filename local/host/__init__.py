"""A small Azure Functions host for machines without Core Tools: `python -m local.host --port 7071`.

It loads `function_app.py` through the public programming model (azure.functions) and serves its HTTP and timer
functions at the addresses that `func start` gives them. What differs from Azure on purpose: no keys (authLevel is
ignored, as Core Tools does), no functionTimeout, one process, and no address but the loopback.
"""
