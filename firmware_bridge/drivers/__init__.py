"""Other makers' servo controllers, each behind one small driver; loaded when a port URL asks for one."""
