"""What goes wrong beside a puppet, done for real: cables, clocks, disks, computers with no time to spare."""
