//! Two workers that write one object, parked by hand.
