//! Every limit on what hostile input may cost, in one place, with its reason.

/// Caps on sizes and counts. Exceeding one is an error of its own, never a silent cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Budget {
    /// Any one input file. Real evidence is below 200 KiB; a CRL of 600,000 entries is 25 MiB.
    pub input_bytes: usize,
    /// A quote. Real ones are 4.6 to 8 KiB; one published sample has 34 KiB of zero padding.
    pub quote_bytes: usize,
    /// A PEM chain inside a quote or collateral. Real ones have 2 or 3 certificates and 4 KiB.
    pub certificate_chain_bytes: usize,
    /// Certificates in any chain before decoding stops.
    pub certificates: usize,
    /// TCB info or QE identity. The largest real one is 24 KiB.
    pub collateral_json_bytes: usize,
    /// Levels of nesting in any JSON that is read.
    pub json_depth: usize,
    /// A certificate revocation list.
    pub crl_bytes: usize,
    /// An event log, JSON or CCEL. A CCEL area of 256 KiB is usual.
    pub event_log_bytes: usize,
    /// Events in a log. Real logs have 27 to 60.
    pub events: usize,
    /// Bytes of one event's payload.
    pub event_payload_bytes: usize,
    /// An `app_compose`. The largest real one is 22 KiB.
    pub app_compose_bytes: usize,
    /// An RA-TLS certificate chain in PEM. Quote and log inside make one 20 to 40 KiB.
    pub ra_tls_bytes: usize,
    /// An attestation container of dstack. Real ones are 7 to 60 KiB; msgpack grows forty-fold when it is read.
    pub attestation_bytes: usize,
    /// What a compressed event log may grow to.
    pub inflated_bytes: usize,
    /// Files of a source tree that are read.
    pub source_files: usize,
    /// One text file of a source tree. Larger ones are generated.
    pub source_file_bytes: usize,
    /// All text of a source tree.
    pub source_bytes: usize,
    /// One file of source that is read by its grammar. Files that people wrote have up to 300 KiB.
    pub source_grammar_bytes: usize,
    /// Tokens of such a file, counted from above. Each may cost a parser a level of its stack.
    pub source_grammar_tokens: usize,
    /// Brackets within brackets of such a file. Real code has up to 30; a parser that turns back takes time that doubles
    /// with every level.
    pub source_grammar_depth: usize,
    /// Bytes of all files of a tree that are read by their grammar: what is beyond is said, and read by its lines.
    pub source_grammar_work: usize,
    /// Bytes of a clone's `.git` that are read, over all questions to one tree.
    pub git_bytes: u64,
    /// Steps of reading it, each a look at a file or an entry.
    pub git_steps: u64,
    /// Findings of one rule that are listed before one stands for the rest.
    pub findings_per_rule: usize,
    /// Levels of nesting in YAML.
    pub yaml_depth: usize,
    /// Nodes of a YAML stream with every alias expanded. Real composes have up to 400; 10,000 services 120,000.
    pub yaml_nodes: usize,
    /// Bytes of text in a YAML stream with every alias expanded.
    pub yaml_text_bytes: usize,
    /// Documents of one YAML text. Each is merged over all before it; real composes have one, rarely two.
    pub yaml_documents: usize,
    /// A shell script inside an `app_compose`. The largest real one is 13 KiB.
    pub script_bytes: usize,
    /// Words, commands and expansions in all shell scripts of a document together.
    pub script_nodes: usize,
    /// Chain reads of one evidence. A registry with 500 apps takes 1 MiB; a year of receipts of busy blocks 50.
    pub chain_bytes: usize,
    /// Logs of one contract, or of one block. A registry with 500 apps has 1,037.
    pub chain_logs: usize,
    /// Answers of one endpoint.
    pub chain_answers: usize,
    /// Observed blocks times logs of one contract: at each observed block the logs before it are summed up anew.
    pub chain_steps: usize,
    /// A container of GPU evidence. Eight GPUs and four switches make 120 KiB.
    pub gpu_container_bytes: usize,
    /// Devices in a container. The largest machines have eight GPUs and four switches.
    pub gpu_devices: usize,
    /// A device's report. Real ones have 2.2 to 4.3 KiB.
    pub gpu_report_bytes: usize,
    /// Opaque data of a report. Real ones have up to 579 bytes.
    pub gpu_opaque_bytes: usize,
    /// A reference manifest. Real ones have 20 KiB.
    pub gpu_manifest_bytes: usize,
    /// Reference manifests that are looked at.
    pub gpu_manifests: usize,
    /// An OCSP answer or a revocation list of NVIDIA's. Real ones have 2 KiB.
    pub gpu_statement_bytes: usize,
    /// OCSP answers and revocation lists that are looked at.
    pub gpu_statements: usize,
    /// An index, manifest or config of an image. docker-registry takes manifests of up to 4 MiB.
    pub image_manifest_bytes: usize,
    /// An attestation beside an image. BuildKit itself takes no larger one.
    pub image_attestation_bytes: usize,
    /// Manifests that an index names, over all indexes of a layout. Real ones name up to 30.
    pub image_descriptors: usize,
    /// Layers of an image. Docker's overlay driver takes 128.
    pub image_layers: usize,
    /// Members of an archive of images. Each layer makes up to three.
    pub image_members: usize,
    /// Entries in all layers of an image; each is kept as about 150 bytes and its name. Large ones have 200,000.
    pub image_entries: u64,
    /// Bytes of names of all entries of an image. 200,000 entries have 16 MiB.
    pub image_name_bytes: u64,
    /// What all layers of an image may unpack to, streamed. Images with model weights have 100 GiB.
    pub image_unpacked_bytes: u64,
    /// What is remembered of hosts and quoting enclaves, over one run. 9 KiB each.
    pub memory_hosts_bytes: usize,
    /// Verified sets of collateral that came inside evidences. 150 KiB each.
    pub memory_collateral_bytes: usize,
    /// RA-TLS chains that were verified. 60 to 120 KiB each.
    pub memory_chains_bytes: usize,
    /// App_composes that were read. Up to 130 KiB each.
    pub memory_composes_bytes: usize,
    /// Audits that were made. 100 to 200 KiB each.
    pub memory_audits_bytes: usize,
    /// Operating systems that were measured. 8 KiB each.
    pub memory_systems_bytes: usize,
}

impl Budget {
    /// The limits that the program uses.
    pub const STANDARD: Self = Self {
        input_bytes: 64 << 20,
        quote_bytes: 64 << 10,
        certificate_chain_bytes: 64 << 10,
        certificates: 8,
        collateral_json_bytes: 1 << 20,
        json_depth: 64,
        crl_bytes: 48 << 20,
        event_log_bytes: 4 << 20,
        events: 8192,
        event_payload_bytes: 1 << 20,
        app_compose_bytes: 4 << 20,
        ra_tls_bytes: 1 << 20,
        attestation_bytes: 1 << 20,
        inflated_bytes: 4 << 20,
        source_files: 100_000,
        source_file_bytes: 1 << 20,
        source_bytes: 256 << 20,
        source_grammar_bytes: 1 << 20,
        source_grammar_tokens: 60_000,
        source_grammar_depth: 64,
        source_grammar_work: 40_000_000,
        git_bytes: 64 << 20,
        git_steps: 200_000,
        findings_per_rule: 500,
        yaml_depth: 96,
        yaml_nodes: 400_000,
        yaml_text_bytes: 16 << 20,
        yaml_documents: 64,
        script_bytes: 1 << 20,
        script_nodes: 400_000,
        chain_bytes: 48 << 20,
        chain_logs: 200_000,
        chain_answers: 20_000,
        chain_steps: 2_000_000,
        gpu_container_bytes: 4 << 20,
        gpu_devices: 64,
        gpu_report_bytes: 64 << 10,
        gpu_opaque_bytes: 16 << 10,
        gpu_manifest_bytes: 256 << 10,
        gpu_manifests: 256,
        gpu_statement_bytes: 64 << 10,
        gpu_statements: 256,
        image_manifest_bytes: 4 << 20,
        image_attestation_bytes: 40 << 20,
        image_descriptors: 1000,
        image_layers: 500,
        image_members: 20_000,
        image_entries: 2_000_000,
        image_name_bytes: 256 << 20,
        image_unpacked_bytes: 512 << 30,
        memory_hosts_bytes: 24 << 20,
        memory_collateral_bytes: 16 << 20,
        memory_chains_bytes: 4 << 20,
        memory_composes_bytes: 4 << 20,
        memory_audits_bytes: 8 << 20,
        memory_systems_bytes: 1 << 20,
    };

    /// All that may be remembered, over one run.
    #[must_use]
    pub const fn memory_bytes(&self) -> usize {
        self.memory_hosts_bytes
            .saturating_add(self.memory_collateral_bytes)
            .saturating_add(self.memory_chains_bytes)
            .saturating_add(self.memory_composes_bytes)
            .saturating_add(self.memory_audits_bytes)
            .saturating_add(self.memory_systems_bytes)
    }

    /// The same limits on what is read, and this part of what may be remembered, in 1/1024; 0 remembers nothing.
    #[must_use]
    pub const fn with_memory(mut self, parts: usize) -> Self {
        const fn part(bytes: usize, parts: usize) -> usize {
            (bytes / 1024).saturating_mul(parts)
        }
        self.memory_hosts_bytes = part(self.memory_hosts_bytes, parts);
        self.memory_collateral_bytes = part(self.memory_collateral_bytes, parts);
        self.memory_chains_bytes = part(self.memory_chains_bytes, parts);
        self.memory_composes_bytes = part(self.memory_composes_bytes, parts);
        self.memory_audits_bytes = part(self.memory_audits_bytes, parts);
        self.memory_systems_bytes = part(self.memory_systems_bytes, parts);
        self
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::STANDARD
    }
}
