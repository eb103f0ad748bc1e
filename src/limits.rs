//! Every bound of the program in one place, each with its reason.
