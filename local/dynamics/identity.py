"""Whom the simulated environment knows: a tenant and an application with a secret."""

TENANT_ID = "5f1c4c52-0e4b-4c0b-9a51-7d2f6f0c7390"
CLIENT_ID = "c9d5f3b2-6a1e-4f77-8d2a-365d11a9a365"
CLIENT_SECRET = "dynamics-secret-of-no-value"
