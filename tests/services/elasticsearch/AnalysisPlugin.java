package analysis;

import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.text.ParseException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.CharArraySet;
import org.apache.lucene.analysis.LowerCaseFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.charfilter.HTMLStripCharFilter;
import org.apache.lucene.analysis.charfilter.MappingCharFilter;
import org.apache.lucene.analysis.charfilter.NormalizeCharMap;
import org.apache.lucene.analysis.core.FlattenGraphFilter;
import org.apache.lucene.analysis.core.KeywordTokenizer;
import org.apache.lucene.analysis.core.WhitespaceTokenizer;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.analysis.en.EnglishMinimalStemFilter;
import org.apache.lucene.analysis.en.EnglishPossessiveFilter;
import org.apache.lucene.analysis.en.KStemFilter;
import org.apache.lucene.analysis.en.PorterStemFilter;
import org.apache.lucene.analysis.miscellaneous.ASCIIFoldingFilter;
import org.apache.lucene.analysis.miscellaneous.KeywordRepeatFilter;
import org.apache.lucene.analysis.miscellaneous.RemoveDuplicatesTokenFilter;
import org.apache.lucene.analysis.miscellaneous.SetKeywordMarkerFilter;
import org.apache.lucene.analysis.miscellaneous.StemmerOverrideFilter;
import org.apache.lucene.analysis.miscellaneous.TrimFilter;
import org.apache.lucene.analysis.ngram.EdgeNGramTokenFilter;
import org.apache.lucene.analysis.ngram.NGramTokenFilter;
import org.apache.lucene.analysis.pattern.PatternReplaceCharFilter;
import org.apache.lucene.analysis.pattern.PatternReplaceFilter;
import org.apache.lucene.analysis.reverse.ReverseStringFilter;
import org.apache.lucene.analysis.snowball.SnowballFilter;
import org.apache.lucene.analysis.synonym.SolrSynonymParser;
import org.apache.lucene.analysis.synonym.SynonymGraphFilter;
import org.apache.lucene.analysis.synonym.SynonymMap;
import org.apache.lucene.util.CharsRef;
import org.apache.lucene.util.CharsRefBuilder;
import org.elasticsearch.common.regex.Regex;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.index.IndexService.IndexCreationContext;
import org.elasticsearch.index.IndexSettings;
import org.elasticsearch.index.analysis.AbstractCharFilterFactory;
import org.elasticsearch.index.analysis.AbstractIndexAnalyzerProvider;
import org.elasticsearch.index.analysis.AbstractTokenFilterFactory;
import org.elasticsearch.index.analysis.Analysis;
import org.elasticsearch.index.analysis.AnalyzerProvider;
import org.elasticsearch.index.analysis.CharFilterFactory;
import org.elasticsearch.index.analysis.CustomAnalyzer;
import org.elasticsearch.index.analysis.NormalizingCharFilterFactory;
import org.elasticsearch.index.analysis.NormalizingTokenFilterFactory;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.Plugin;
import org.tartarus.snowball.ext.EnglishStemmer;

/**
 * Stands in for Elasticsearch's own module {@code analysis-common}, which the small distribution that the tests run
 * leaves out. It registers, under their official names and with their official parameters, the analyzers, tokenizers
 * and filters that the site's index may use; all of them are Lucene's own classes. {@code test_analysis.py} holds it
 * to what a full Elasticsearch answers.
 */
public class AnalysisPlugin extends Plugin implements org.elasticsearch.plugins.AnalysisPlugin {

    @Override
    public Map<String, AnalysisProvider<AnalyzerProvider<? extends Analyzer>>> getAnalyzers() {
        return Map.of("english", (index, environment, name, settings) -> {
            CharArraySet stopWords = Analysis.parseStopWords(environment, settings, EnglishAnalyzer.getDefaultStopSet());
            CharArraySet stemExclusion = Analysis.parseStemExclusion(settings, CharArraySet.EMPTY_SET);
            EnglishAnalyzer analyzer = new EnglishAnalyzer(stopWords, stemExclusion);
            return new AbstractIndexAnalyzerProvider<EnglishAnalyzer>(name, settings) {
                @Override
                public EnglishAnalyzer get() {
                    return analyzer;
                }
            };
        });
    }

    @Override
    public Map<String, AnalysisProvider<TokenizerFactory>> getTokenizers() {
        return Map.of(
            "keyword", (index, environment, name, settings) -> TokenizerFactory.newFactory(name, KeywordTokenizer::new),
            "whitespace", (index, environment, name, settings) -> TokenizerFactory.newFactory(name, WhitespaceTokenizer::new)
        );
    }

    @Override
    public Map<String, AnalysisProvider<CharFilterFactory>> getCharFilters() {
        return Map.of(
            "html_strip", (index, environment, name, settings) -> {
                Set<String> escapedTags = Set.copyOf(settings.getAsList("escaped_tags"));
                return new CharFilter(name, reader -> new HTMLStripCharFilter(reader, escapedTags));
            },
            "mapping", configured((index, environment, name, settings) -> {
                NormalizeCharMap map = characterMap(settings.getAsList("mappings"));
                return new NormalizingCharFilter(name, reader -> new MappingCharFilter(map, reader));
            }),
            "pattern_replace", configured((index, environment, name, settings) -> {
                var pattern = Regex.compile(settings.get("pattern"), settings.get("flags"));
                String replacement = settings.get("replacement", "");
                return new NormalizingCharFilter(name, reader -> new PatternReplaceCharFilter(pattern, replacement, reader));
            })
        );
    }

    @Override
    public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
        Map<String, AnalysisProvider<TokenFilterFactory>> filters = new HashMap<>();
        filters.put("asciifolding", AnalysisPlugin::asciiFolding);
        filters.put("edge_ngram", AnalysisPlugin::edgeNGram);
        filters.put("flatten_graph", filter(settings -> FlattenGraphFilter::new));
        filters.put("keyword_marker", configured(AnalysisPlugin::keywordMarker));
        filters.put("keyword_repeat", (index, environment, name, settings) ->
            new NotForSynonyms(name, settings, KeywordRepeatFilter::new));
        filters.put("kstem", filter(settings -> KStemFilter::new));
        filters.put("lowercase", normalizing(settings -> LowerCaseFilter::new));
        filters.put("ngram", AnalysisPlugin::nGram);
        filters.put("pattern_replace", configured(normalizing(AnalysisPlugin::patternReplace)));
        filters.put("porter_stem", filter(settings -> PorterStemFilter::new));
        filters.put("remove_duplicates", filter(settings -> RemoveDuplicatesTokenFilter::new));
        filters.put("reverse", filter(settings -> ReverseStringFilter::new));
        filters.put("stemmer", filter(AnalysisPlugin::stemmer));
        filters.put("stemmer_override", configured(filter(AnalysisPlugin::stemmerOverride)));
        filters.put("synonym_graph", configured((index, environment, name, settings) -> new SynonymGraph(name, settings)));
        filters.put("trim", normalizing(settings -> TrimFilter::new));
        return filters;
    }

    /** A provider that exists only where an index configures it, never under its bare type name. */
    private static <T> AnalysisProvider<T> configured(AnalysisProvider<T> provider) {
        return org.elasticsearch.plugins.AnalysisPlugin.requiresAnalysisSettings(provider);
    }

    private static AnalysisProvider<TokenFilterFactory> filter(Function<Settings, UnaryOperator<TokenStream>> make) {
        return (index, environment, name, settings) -> new Filter(name, settings, make.apply(settings));
    }

    private static AnalysisProvider<TokenFilterFactory> normalizing(Function<Settings, UnaryOperator<TokenStream>> make) {
        return (index, environment, name, settings) -> new NormalizingFilter(name, settings, make.apply(settings));
    }

    private static TokenFilterFactory asciiFolding(IndexSettings index, Environment environment, String name, Settings settings) {
        boolean preserve = settings.getAsBoolean("preserve_original", false);
        return new NormalizingFilter(name, settings, stream -> new ASCIIFoldingFilter(stream, preserve)) {
            @Override
            public TokenStream normalize(TokenStream stream) {
                return new ASCIIFoldingFilter(stream); // A term that is looked up by prefix or range has one form only.
            }

            @Override
            public TokenFilterFactory getSynonymFilter() {
                return new Filter(name, settings, ASCIIFoldingFilter::new); // Two forms at one position are no synonym rule.
            }
        };
    }

    private static TokenFilterFactory edgeNGram(IndexSettings index, Environment environment, String name, Settings settings) {
        int min = settings.getAsInt("min_gram", 1);
        int max = settings.getAsInt("max_gram", 2);
        boolean preserve = settings.getAsBoolean("preserve_original", false);
        return new NotForSynonyms(name, settings, stream -> new EdgeNGramTokenFilter(stream, min, max, preserve));
    }

    private static TokenFilterFactory nGram(IndexSettings index, Environment environment, String name, Settings settings) {
        int min = settings.getAsInt("min_gram", 1);
        int max = settings.getAsInt("max_gram", 2);
        if (max - min > index.getMaxNgramDiff()) {
            throw new IllegalArgumentException(
                "max_gram may exceed min_gram by at most [index.max_ngram_diff]: " + index.getMaxNgramDiff() + ", not " + (max - min)
            );
        }
        boolean preserve = settings.getAsBoolean("preserve_original", false);
        return new NotForSynonyms(name, settings, stream -> new NGramTokenFilter(stream, min, max, preserve));
    }

    private static TokenFilterFactory keywordMarker(IndexSettings index, Environment environment, String name, Settings settings) {
        boolean ignoreCase = settings.getAsBoolean("ignore_case", false);
        CharArraySet keywords = new CharArraySet(Analysis.getWordSet(environment, settings, "keywords"), ignoreCase);
        return new Filter(name, settings, stream -> new SetKeywordMarkerFilter(stream, keywords));
    }

    private static UnaryOperator<TokenStream> patternReplace(Settings settings) {
        var pattern = Regex.compile(settings.get("pattern"), settings.get("flags"));
        String replacement = settings.get("replacement", "");
        boolean all = settings.getAsBoolean("all", true);
        return stream -> new PatternReplaceFilter(stream, pattern, replacement, all);
    }

    private static UnaryOperator<TokenStream> stemmer(Settings settings) {
        String language = settings.get("language", settings.get("name", "english"));
        return switch (language) {
            case "english" -> PorterStemFilter::new;
            case "light_english" -> KStemFilter::new;
            case "minimal_english" -> EnglishMinimalStemFilter::new;
            case "porter2" -> stream -> new SnowballFilter(stream, new EnglishStemmer());
            case "possessive_english" -> EnglishPossessiveFilter::new;
            default -> throw new IllegalArgumentException("The tests' Elasticsearch has no stemmer [" + language + "]");
        };
    }

    private static UnaryOperator<TokenStream> stemmerOverride(Settings settings) {
        StemmerOverrideFilter.Builder rules = new StemmerOverrideFilter.Builder(false);
        for (String rule : settings.getAsList("rules")) {
            String[] sides = sides(rule);
            for (String word : sides[0].split(",")) {
                rules.add(word.strip(), sides[1]);
            }
        }
        try {
            StemmerOverrideFilter.StemmerOverrideMap map = rules.build();
            return stream -> new StemmerOverrideFilter(stream, map);
        } catch (IOException error) {
            throw new IllegalArgumentException("The rules could not be built", error);
        }
    }

    private static NormalizeCharMap characterMap(List<String> mappings) {
        NormalizeCharMap.Builder map = new NormalizeCharMap.Builder();
        for (String mapping : mappings) {
            String[] sides = sides(mapping);
            map.add(sides[0].translateEscapes(), sides[1].translateEscapes());
        }
        return map.build();
    }

    /** Both sides of a rule {@code from => to}, without the blanks around them. */
    private static String[] sides(String rule) {
        String[] sides = rule.split("=>", -1);
        if (sides.length != 2) {
            throw new IllegalArgumentException("Invalid rule [" + rule + "]: write [from => to]");
        }
        return new String[] { sides[0].strip(), sides[1].strip() };
    }

    private static class CharFilter extends AbstractCharFilterFactory {
        private final UnaryOperator<Reader> wrap;

        CharFilter(String name, UnaryOperator<Reader> wrap) {
            super(name);
            this.wrap = wrap;
        }

        @Override
        public Reader create(Reader reader) {
            return wrap.apply(reader);
        }
    }

    private static class NormalizingCharFilter extends CharFilter implements NormalizingCharFilterFactory {
        NormalizingCharFilter(String name, UnaryOperator<Reader> wrap) {
            super(name, wrap);
        }
    }

    private static class Filter extends AbstractTokenFilterFactory {
        private final UnaryOperator<TokenStream> wrap;

        Filter(String name, Settings settings, UnaryOperator<TokenStream> wrap) {
            super(name, settings);
            this.wrap = wrap;
        }

        @Override
        public TokenStream create(TokenStream stream) {
            return wrap.apply(stream);
        }
    }

    /** A filter that keywords' normalizers may use too: it changes single characters, not words. */
    private static class NormalizingFilter extends Filter implements NormalizingTokenFilterFactory {
        NormalizingFilter(String name, Settings settings, UnaryOperator<TokenStream> wrap) {
            super(name, settings, wrap);
        }
    }

    /** A filter that puts several tokens where one was, and so cannot stand before a synonym filter. */
    private static class NotForSynonyms extends Filter {
        NotForSynonyms(String name, Settings settings, UnaryOperator<TokenStream> wrap) {
            super(name, settings, wrap);
        }

        @Override
        public TokenFilterFactory getSynonymFilter() {
            throw new IllegalArgumentException("Token filter [" + name() + "] cannot be used to parse synonyms");
        }
    }

    /** Its rules pass through the tokenizer and the filters that stand before it, as the text itself will. */
    private static class SynonymGraph extends AbstractTokenFilterFactory {
        private final Settings settings;

        SynonymGraph(String name, Settings settings) {
            super(name, settings);
            this.settings = settings;
        }

        @Override
        public TokenStream create(TokenStream stream) {
            throw new IllegalStateException("A synonym filter works only as a part of an analyzer");
        }

        @Override
        public TokenFilterFactory getChainAwareTokenFilterFactory(
            IndexCreationContext context,
            TokenizerFactory tokenizer,
            List<CharFilterFactory> charFilters,
            List<TokenFilterFactory> before,
            Function<String, TokenFilterFactory> all
        ) {
            TokenFilterFactory[] chain = before.stream().map(TokenFilterFactory::getSynonymFilter).toArray(TokenFilterFactory[]::new);
            SynonymMap synonyms = parse(new CustomAnalyzer(tokenizer, charFilters.toArray(CharFilterFactory[]::new), chain));
            UnaryOperator<TokenStream> wrap = stream ->
                synonyms.fst == null ? stream : new SynonymGraphFilter(stream, synonyms, false);
            return new Filter(name(), settings, wrap) {
                @Override
                public TokenFilterFactory getSynonymFilter() {
                    return IDENTITY_FILTER; // Synonyms are not applied to the rules of a later synonym filter.
                }
            };
        }

        private SynonymMap parse(Analyzer analyzer) {
            boolean lenient = settings.getAsBoolean("lenient", settings.getAsBoolean("updateable", false));
            Rules rules = new Rules(settings.getAsBoolean("expand", true), lenient, analyzer);
            try {
                rules.parse(new StringReader(String.join("\n", settings.getAsList("synonyms"))));
                return rules.build();
            } catch (IOException | ParseException error) {
                throw new IllegalArgumentException("failed to build synonyms", error);
            }
        }
    }

    /** Solr's format; a lenient parser drops the terms that the analyzer refuses instead of refusing the index. */
    private static class Rules extends SolrSynonymParser {
        private static final CharsRef DROPPED = new CharsRef("");
        private final boolean lenient;

        Rules(boolean expand, boolean lenient, Analyzer analyzer) {
            super(true, expand, analyzer);
            this.lenient = lenient;
        }

        @Override
        public CharsRef analyze(String text, CharsRefBuilder reuse) throws IOException {
            try {
                return super.analyze(text, reuse);
            } catch (IllegalArgumentException error) {
                if (lenient) {
                    return DROPPED;
                }
                throw error;
            }
        }

        @Override
        public void add(CharsRef input, CharsRef output, boolean includeOriginal) {
            if (lenient && (input.length == 0 || output.length == 0)) {
                return;
            }
            super.add(input, output, includeOriginal);
        }
    }
}
