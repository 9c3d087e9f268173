/** The queue of every measurement. */
export const queueName = "orders";
