"""HTTP: routes, access, parameters, answers; handlers/ and the page's files in static/.

May import everything but cli; nothing imports it but function_app.
Begin with routes.py and app.py.
"""
