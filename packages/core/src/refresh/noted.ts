/**
 * Objects that something has been noted about. It keeps none of them alive, and takes no memory
 * before the first: most credentials never note any.
 */
export class Noted<T extends object> {
  #objects: WeakSet<T> | undefined;

  add(object: T): void {
    this.#objects ??= new WeakSet();
    this.#objects.add(object);
  }

  has(object: T): boolean {
    return this.#objects?.has(object) ?? false;
  }
}
