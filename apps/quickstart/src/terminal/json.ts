/** A result as JSON text. A bigint becomes a number where that is exact, else a string of its digits. */
export function toJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, item: unknown) => {
      if (typeof item !== "bigint") return item;
      const number = Number(item);
      return Number.isSafeInteger(number) ? number : item.toString();
    },
    2,
  );
}
