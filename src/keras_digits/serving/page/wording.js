// What the page says of an answer, in words. Knows no element of the page.

/** A share as a percentage, rounded down, with as many decimals as keep it apart from 100 %. */
export function percent(share) {
  const missing = Math.max(1 - share, 1e-5);
  const decimals = Math.max(0, Math.ceil(-Math.log10(missing) - 1e-9) - 2);
  const scale = 100 * 10 ** decimals;
  const value = Math.floor(share * scale + 1e-6) / 10 ** decimals;
  if (share >= 1) return "over 99.99\u00a0%"; // the server rounds to a hundredth of a percent
  return value < 1 && share > 0 ? "under 1\u00a0%" : `${value}\u00a0%`;
}

/** A promise about errors: 0.05 is "at most 1 wrong in 20". */
export function promise(maxError) {
  return `at most 1 wrong in ${Math.round(1 / maxError)}`;
}

/** Whether a number or digit is accepted or declined, and why. */
export function verdict({ confidence, accepted, threshold }, maxError) {
  const sure = `${percent(confidence)} sure`;
  if (accepted === null || accepted === undefined) {
    return `${sentence(sure)}. It can promise nothing about its errors here.`;
  }
  const kept = `“${promise(maxError)}”`;
  if (!accepted && (threshold === null || threshold >= 1)) {
    return `Declined: ${sure}, but however sure, it can't promise ${kept} here.`;
  }
  if (!accepted) {
    return `Declined: ${sure}, and to keep ${kept} it wants ${percent(threshold)}.`;
  }
  return `Accepted: ${sure}, and to keep ${kept} it wants ${percent(threshold)}.`;
}

/** How sure the reader is of one digit among several. */
export function digitVerdict({ confidence, accepted, threshold }) {
  const sure = `It is ${percent(confidence)} sure of this digit by itself`;
  if (accepted !== false) return `${sure}.`;
  return threshold === null || threshold >= 1
    ? `${sure}; no confidence is enough here.`
    : `${sure}, and wants ${percent(threshold)}.`;
}

/** A doubt that the ten bars can't show, because they only compare digits with each other. */
export function doubt(digit) {
  const highest = Math.max(...digit.probabilities);
  return digit.confidence < highest / 2 ? "It doubts that this is a digit at all." : "";
}

/** "1 picture", "7 pictures". */
export function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** "a 7", "an 8". */
export function withArticle(digit) {
  return `${digit === 8 ? "an" : "a"} ${digit}`;
}

/** "first", "second", ... for a place among few; "12th" further on. */
export function ordinal(place) {
  const words = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"];
  const tens = place % 100 > 10 && place % 100 < 14;
  const ending = tens ? "th" : (["th", "st", "nd", "rd"][place % 10] ?? "th");
  return words[place - 1] ?? `${place}${ending}`;
}

/** What a screen reader says when a reading has come. */
export function announcement(numbers, maxError) {
  if (numbers.length === 0) return "No digits found.";
  if (numbers.length === 1) return `Read ${numbers[0].text}. ${verdict(numbers[0], maxError)}`;
  const declined = numbers.filter((one) => one.accepted === false).length;
  const said = numbers.map((one) => one.text).join(", ");
  return `Read ${count(numbers.length, "number")}: ${said}; ${declined} declined.`;
}

/** A line that begins with a capital. */
export function sentence(text) {
  return text[0].toUpperCase() + text.slice(1);
}
