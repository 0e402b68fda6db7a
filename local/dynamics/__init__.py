"""Dynamics 365 Sales (Dataverse Web API v9.2) on this machine, for tests and for the local stack."""

from .identity import CLIENT_ID, CLIENT_SECRET, TENANT_ID
from .simulator import DynamicsSimulator

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "TENANT_ID", "DynamicsSimulator"]
