/* Runs a stage as a filter: records of IN_BYTES on stdin, OUT_BYTES of results each on stdout, until the end. To be
 * included once a file has defined these, state, reset() and step(). */
int main(void) {
    unsigned char in[IN_BYTES], out[OUT_BYTES];
    memset(&state, 0xA5, sizeof state); /* nothing may be left from before a reset */
    reset();
    while (fread(in, 1, sizeof in, stdin) == sizeof in) {
        step(in, out);
        fwrite(out, 1, sizeof out, stdout);
    }
    return 0;
}
