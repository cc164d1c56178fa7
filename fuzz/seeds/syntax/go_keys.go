5package main
import "os"
func getenv(k, d string) string { if v := os.Getenv(k); v != "" { return v }; return d }
var jwtSecret = getenv("JWT_SECRET", "development-secret")
var llm = getenv("LLM_BASE_URL", "https://api.example.com")
