"""Where messages of a machine without Azure arrive: Teams Workflows, Microsoft Graph's and Communication Services' mail,
and the identity endpoint of App Service that gives the tokens for them. README.md says what it plays and what it doesn't."""

from .faults import Fault, Faults
from .inbox import Inbox
from .messages import Message

__all__ = ["Fault", "Faults", "Inbox", "Message"]
