//! Backgammon against programs that know it well: GNU Backgammon reads our IDs and files, and two other move generators find the same plays.

mod gnubg;
mod oracles;
mod support;
