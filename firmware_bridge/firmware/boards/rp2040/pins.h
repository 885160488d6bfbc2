/* Raspberry Pi Pico: what is on which pin. */
#ifndef MANDIBLE_PINS_H
#define MANDIBLE_PINS_H

#define UART_SEND_PIN 0u
#define UART_RECEIVE_PIN 1u
#define FIRST_SERVO_PIN 2u /* outputs 0..11 are GP2..GP13: both channels of PWM slices 1..6 */
#define CHANNELS 12u
#define STALL_PIN 14u /* low: a servo stalls */
#define HOT_PIN 15u   /* low: too hot */

#endif
