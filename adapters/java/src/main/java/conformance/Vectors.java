package conformance;

import com.azure.ai.openai.models.Embeddings;

/** Embeddings, and whether their caller asked for base64: the SDK has an accessor for either form. */
record Vectors(Embeddings answer, boolean asText) {}
