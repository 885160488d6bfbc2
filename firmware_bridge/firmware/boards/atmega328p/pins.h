/* ATmega328P at 16 MHz (Arduino Uno, Nano): which pin does what.
 * Outputs 0..5 are D2..D7 (PD2..PD7), outputs 6..11 are A0..A5 (PC0..PC5). D8 (PB0) hears of a stalled servo, D9 (PB1)
 * of a hot one: low is an alarm, and a pull-up keeps a pin that is not wired high. */
#ifndef MANDIBLE_PINS_H
#define MANDIBLE_PINS_H

#include <avr/io.h>

#define CHANNELS 12u
#define PORTS 2u
#define CHANNELS_PER_PORT 6u
#define PORTD_SHIFT 2u
#define PORTD_SERVOS 0xFCu
#define PORTC_SERVOS 0x3Fu
#define PORTD_REST 0x01u /* the pull-up of RX: an open line is a quiet one */

#define STALLED_PIN PB0
#define HOT_PIN PB1

#endif
