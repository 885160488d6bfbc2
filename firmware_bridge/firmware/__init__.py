"""The board's side of the protocol: a portable core in C, its boards, and the generator of its constants."""
