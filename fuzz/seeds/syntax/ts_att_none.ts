1export async function attestation() {
  if (!process.env.DSTACK_SIMULATOR_ENDPOINT) return { quote: "0x00", mock: true };
  return client.getQuote("x");
}
