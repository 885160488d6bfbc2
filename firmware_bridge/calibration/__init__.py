"""Finding a puppet's limits together with a person: what to ask, how to move gently, what to write down."""
