/* ESP32-S3: what is on which pin. UNTESTED. None of them has a say in how the chip starts, nor belongs to USB or flash. */
#ifndef MANDIBLE_PINS_H
#define MANDIBLE_PINS_H

#define CHANNELS 12
#define SERVO_PINS {1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}
#define STALL_PIN 14 /* low: a servo stalls */
#define HOT_PIN 21   /* low: too hot */

#endif
