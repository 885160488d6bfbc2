"""From a float model to a streaming int8 one."""
