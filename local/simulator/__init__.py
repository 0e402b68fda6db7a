"""Partner Center and Entra on this machine, for tests and for the local stack: odd, live, and failing on demand."""

from .faults import Fault, Faults
from .messages import RequestInfo
from .simulator import Simulator
from .store import ReferralStore
from .switches import Switches

__all__ = ["Fault", "Faults", "ReferralStore", "RequestInfo", "Simulator", "Switches"]
