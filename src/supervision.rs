//! Who lives, who is restarted, and when to give up: OTP supervision. Pure.
