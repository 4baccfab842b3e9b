"""Plays as gnubg-nn finds them. Reads lines `POSITION_ID DIE DIE`; answers each with the position IDs that the player on roll can reach,
that player still listed as the one on roll, sorted and separated by spaces."""
import sys

import gnubg_nn as gnubg

for line in sys.stdin:
    position, one, two = line.split()
    board = gnubg.board_from_position_id(position)
    # Without a move the position stays.
    keys = gnubg.moves(board, int(one), int(two))
    boards = [[list(side) for side in gnubg.board_from_position_key(key)] for key in keys] or [board]
    print(*sorted({gnubg.position_id(after) for after in boards}))
