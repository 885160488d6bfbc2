"""One file per engine; each offers ``create(name, subject, options)``, see ``quantize.parity.engine``."""
