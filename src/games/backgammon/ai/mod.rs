//! Who plays when nobody else does, and who says what was best.
//!
//! - [`features`], [`net`]: what a position is worth, by two small networks that the project trained itself;
//! - [`stakes`]: what that means for points and matches; [`search`]: looking ahead; [`cube`]: doubling, taking, resigning;
//! - [`analysis`]: what was best, and what was lost; [`consult`]: asking for it;
//! - [`simple`]: proverbs instead; [`level`]: the four levels; [`bot`]: their decisions as commands.
//!
//! All of it is arithmetic on values: no clock, no luck but what is handed in, and bounds in evaluations, not in time.

pub mod analysis;
pub mod bot;
pub mod consult;
pub mod cube;
pub mod features;
pub mod level;
pub mod net;
pub mod search;
pub mod simple;
pub mod stakes;
