/* ATmega328P at 16 MHz (Arduino Uno, Nano): which pin each servo output is on.
 * Outputs 0..5 are D2..D7 (PD2..PD7), outputs 6..11 are A0..A5 (PC0..PC5). */
#ifndef MANDIBLE_PINS_H
#define MANDIBLE_PINS_H

#include <avr/io.h>

#define CHANNELS 12u
#define CHANNELS_PER_PORT 6u
#define PORTD_SHIFT 2u
#define PORTD_SERVOS 0xFCu
#define PORTC_SERVOS 0x3Fu

#endif
