"""HTTP: routes, access, parameters, answers; handlers/ and the page's files in static/.

May import core, model, storage, partner_center, companies, read_model, sync, exports, webhook, actions, notify,
dynamics, services and background.
Begin with routes.py and app.py.
"""
