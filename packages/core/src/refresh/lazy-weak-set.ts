/**
 * A `WeakSet` that takes no memory before its first object. A process may hold a hundred thousand
 * credentials, and most of them never add one.
 */
export class LazyWeakSet<T extends object> {
  #objects: WeakSet<T> | undefined;

  add(object: T): void {
    this.#objects ??= new WeakSet();
    this.#objects.add(object);
  }

  has(object: T): boolean {
    return this.#objects?.has(object) ?? false;
  }
}
