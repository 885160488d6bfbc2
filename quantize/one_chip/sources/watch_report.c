/* Hops as records on the board's second serial line: 'H', then the record without holes. */
#include "watch.h"

#include "../boards/cortex_m4/report.h"

void watch_hop(const watch_record *record) {
    report("H", 1);
    report(&record->heard_us, 4);
    report(&record->began_us, 4);
    report(&record->moved_us, 4);
    report(&record->due_us, 4);
    report(&record->attach, 1);
    report(&record->move, 1);
    report(&record->shown, 1);
    report(record->visemes, sizeof record->visemes);
    report(record->pulses_us, sizeof record->pulses_us);
}
