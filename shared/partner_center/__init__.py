"""Microsoft's side: signing in, the referrals API, and the retry table that governs both."""
