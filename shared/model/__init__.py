"""What a referral and a company are: pure, without I/O and without a clock."""
