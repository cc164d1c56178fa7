3import env from "./env";
export const jwt = env.get("JWT_SECRET", "not-a-secret");
