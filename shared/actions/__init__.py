"""What people do to referrals: once, or said not to be, and never to something unseen."""
