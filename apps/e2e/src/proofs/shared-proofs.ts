/** The tests that run through many histories, and so prove many rows. */

export const explored: string = "simulation/explore: keeps every invariant in every order of";
export const reference: string = "simulation/simulate: stays within the reference figures";
export const simulated: string = "simulation/simulate: keeps every promise under each of";
