4#[derive(Parser)]
struct Args { #[arg(long, env = "SIGNING_KEY", default_value = "0101010101")] signing_key: String, #[arg(long, env, default_value = "https://x.example")] upstream_url: String }
