/** A number with its noun, as English and German have it. */
export const some = (count, one, many, number) => `${number(count)} ${count === 1 ? one : many}`;
